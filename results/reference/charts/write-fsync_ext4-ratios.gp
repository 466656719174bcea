# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws write-fsync_ext4-ratios.svg, .png and .pdf from write-fsync_ext4-ratios.dat: gnuplot write-fsync_ext4-ratios.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" write-fsync_ext4-ratios.gp
set encoding utf8
if (!exists('kinds')) kinds = 'svg png pdf'
if (!exists('dark')) dark = 0
paper = dark ? '#15181c' : '#ffffff'
quiet = dark ? '#a8adb4' : '#505050'
grid = dark ? '#30353b' : '#e4e4e4'
frame = dark ? '#8a9098' : '#707070'
ink = dark ? '#e8eaed' : '#1a1a1a'
c1 = dark ? '#ffffff' : '#000000'
c2 = dark ? '#f0ad1f' : '#e69f00'
c3 = dark ? '#8fd3ff' : '#56b4e9'
c4 = dark ? '#1fc596' : '#009e73'
c5 = dark ? '#f0e442' : '#f0e442'
c6 = dark ? '#4393e6' : '#0072b2'
c7 = dark ? '#f07a28' : '#d55e00'
c8 = dark ? '#dd92bb' : '#cc79a7'
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,458 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,916 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,6.3611 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'write-fsync_ext4-ratios'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c8 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'write-fsync, ext4' at screen 0.02143, screen 0.94787 left font 'sans-serif,19' textcolor rgb ink
    set label 'writes of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.90625 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'depth 16' at screen 0.02143, screen 0.85262 left font 'sans-serif,15' textcolor rgb ink
    set label 'IOPS' at screen 0.35379, screen 0.81168 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.43161, screen 0.31414 center font 'sans-serif,15' textcolor rgb ink
    set label '◂' at screen 0.52015, screen 0.68341 left font 'sans-serif,13' textcolor rgb ink
    set label 'p99 latency' at screen 0.57764, screen 0.81168 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.65546, screen 0.31414 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.68341 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.64410 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.60480 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.56550 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.52620 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.48690 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.44760 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.40830 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU an I/O' at screen 0.80149, screen 0.81168 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.87932, screen 0.31414 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.68341 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.64410 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.60480 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.56550 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.52620 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.48690 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.44760 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.40830 left font 'sans-serif,13' textcolor rgb ink
    set label 'Ratios to fio:psync at the same depth, paired within blocks. ◂ and ▸: the side of 1 on' at screen 0.02143, screen 0.29271 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'which all of the interval lies. Small points: it holds 1, or covers too little.' at screen 0.02143, screen 0.26133 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.22994 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.19855 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.16717 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, ext4.' at screen 0.02143, screen 0.13578 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: punt, hashed' at screen 0.02143, screen 0.10439 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: acall_pool, uring' at screen 0.02143, screen 0.07301 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'No result: handoff, acall, uring_sqpoll, uring_defer, fio:io_uring, fio:libaio' at screen 0.02143, screen 0.04162 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.35379
    set rmargin at screen 0.50944
    set tmargin at screen 0.74236
    set bmargin at screen 0.38865
    set logscale x
    set xrange [0.11590451:2.9601831]
    set xtics ('0.3' 0.3, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [8.5:-0.5]
    set ytics ('fio:io_uring+force_async=1' 8, 'uring_async' 7, 'uring !' 6, 'acall_pool !' 5, 'hashed !' 4, 'punt !' 3, 'sqwq' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'slower' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'faster' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'write-fsync_ext4-ratios.dat' index 0 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 1 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 2 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 3 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 4 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 5 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 6 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 7 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 8 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 0 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 1 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 2 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 3 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 4 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 5 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 5 using 1:2 with points pointtype 5 pointsize 0.22 linecolor rgb paper linewidth 1.3, \
        'write-fsync_ext4-ratios.dat' index 6 using 1:2 with points pointtype 13 pointsize 0.55 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 6 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 7 using 1:2 with points pointtype 5 pointsize 0.55 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 7 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 8 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 0.55
    unset label
    unset arrow
    set lmargin at screen 0.57764
    set rmargin at screen 0.73329
    set tmargin at screen 0.74236
    set bmargin at screen 0.38865
    set logscale x
    set xrange [0.68520408:1089.2737]
    set xtics ('1' 1, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [8.5:-0.5]
    set ytics ('' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'faster' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'slower' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'write-fsync_ext4-ratios.dat' index 9 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 10 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 11 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 12 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 13 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 14 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 15 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 16 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 17 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 9 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 10 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 11 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 12 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 13 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 14 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 14 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'write-fsync_ext4-ratios.dat' index 15 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 15 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 16 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 16 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 17 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    set lmargin at screen 0.80149
    set rmargin at screen 0.95714
    set tmargin at screen 0.74236
    set bmargin at screen 0.38865
    set logscale x
    set xrange [0.71555169:11.562826]
    set xtics ('1' 1, '3' 3, '10' 10) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [8.5:-0.5]
    set ytics ('' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'less' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'more' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'write-fsync_ext4-ratios.dat' index 18 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'write-fsync_ext4-ratios.dat' index 19 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 20 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 21 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 22 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 23 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 24 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 25 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 26 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'write-fsync_ext4-ratios.dat' index 18 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'write-fsync_ext4-ratios.dat' index 19 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 20 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 21 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 22 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 23 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 23 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'write-fsync_ext4-ratios.dat' index 24 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 24 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 25 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'write-fsync_ext4-ratios.dat' index 25 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'write-fsync_ext4-ratios.dat' index 26 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    unset multiplot
    unset output
}
